fn main() {
    postern_sandbox::hidden_main();
}
