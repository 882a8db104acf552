//! `-e, -f, -C and -K`.
