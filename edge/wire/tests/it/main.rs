//! The codec against botocore's vectors, against itself, and against noise.

mod cases;
mod input;
mod output;
mod sigv4;
