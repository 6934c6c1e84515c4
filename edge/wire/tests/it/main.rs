//! The codec against botocore's vectors, against itself, and against noise.

mod cases;
mod input;
mod noise;
mod output;
mod sigv4;
mod words;
