//! Recovery, state by state.
