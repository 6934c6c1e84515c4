//! postern-program
