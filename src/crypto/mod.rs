//! Pure bytes: keys, tokens, sealing. No files, no environment, no clock, no printing.
