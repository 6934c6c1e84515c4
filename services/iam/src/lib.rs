//! postern-iam
