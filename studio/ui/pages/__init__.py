"""The pages, one module each: `build(studio)` puts the page's components into the Blocks that is being made."""
