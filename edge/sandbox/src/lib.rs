//! postern-sandbox
