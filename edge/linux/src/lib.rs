//! postern-linux
