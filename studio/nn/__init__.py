"""Layers that several models share: decoder with its cache, sampling, convolution blocks, strict loading."""
