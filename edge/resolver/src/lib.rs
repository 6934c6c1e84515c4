//! postern-resolver
