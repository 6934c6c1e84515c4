//! postern-ec2
