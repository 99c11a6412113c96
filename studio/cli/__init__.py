"""The command line: a face of the studio that reads arguments, calls the facade and prints."""
