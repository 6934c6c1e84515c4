//! postern-metadata
