//! postern-model
