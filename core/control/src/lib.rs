//! postern-control
