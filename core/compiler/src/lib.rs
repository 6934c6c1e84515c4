//! postern-compiler
