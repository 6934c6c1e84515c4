//! postern-s3
