//! Talk for the person at the keyboard: on stderr, in colour only on a terminal.

use std::fmt;
use std::io::IsTerminal;

/// An error with a hint: what to do about it.
#[derive(Debug)]
pub struct Trouble {
    pub what: String,
    pub hint: Option<String>,
}

impl Trouble {
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), hint: None }
    }
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// For `map_err`: says which step failed.
    pub fn at<E: fmt::Display>(step: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self::new(format!("{step}: {error}"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Prints an error and its hint.
pub fn trouble(trouble: &Trouble) {
    eprintln!("{} {}", paint("error:", Colour::Red), trouble.what);
    if let Some(hint) = &trouble.hint {
        eprintln!("{} {hint}", paint("hint:", Colour::Yellow));
    }
}

#[derive(Clone, Copy)]
pub enum Colour {
    Red,
    Green,
    Yellow,
    Blue,
    Faint,
}

/// The text in colour if stderr is a terminal and the user does not object.
pub fn paint(text: &str, colour: Colour) -> String {
    if !std::io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Red => "31",
        Colour::Green => "32",
        Colour::Yellow => "33",
        Colour::Blue => "34",
        Colour::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}
