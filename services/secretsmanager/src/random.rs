//! What is drawn: suffixes, ids of versions, passwords.

use crate::desk::Desk;
use crate::refuse;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const LENGTH_MAX: i64 = 4096;

fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Refusal::internal(format!("draw random bytes: {error}")))?;
    Ok(bytes)
}

/// A number below `bound`, each as likely.
fn below(bound: usize) -> Result<usize, Refusal> {
    let bound = u64::try_from(bound).map_err(Refusal::internal)?.max(1);
    let fair = u64::MAX - u64::MAX % bound;
    loop {
        let drawn = u64::from_le_bytes(bytes()?);
        if drawn < fair {
            return usize::try_from(drawn % bound).map_err(Refusal::internal);
        }
    }
}

fn one_of(letters: &[char]) -> Result<char, Refusal> {
    let at = below(letters.len())?;
    letters.get(at).copied().ok_or_else(|| Refusal::internal("a letter of none"))
}

/// The six characters at the end of a secret's ARN.
pub fn suffix() -> Result<String, Refusal> {
    let letters: Vec<char> = [UPPER, LOWER, DIGITS].concat().chars().collect();
    (0..6).map(|_| one_of(&letters)).collect()
}

/// A UUID of version 4.
pub fn uuid() -> Result<String, Refusal> {
    let mut drawn: [u8; 16] = bytes()?;
    drawn[6] = drawn[6] & 0x0f | 0x40;
    drawn[8] = drawn[8] & 0x3f | 0x80;
    let digits: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

/// GetRandomPassword.
pub fn get(desk: &Desk<'_>) -> Result<Value, Refusal> {
    desk.ask("GetRandomPassword", "*", desk.account()?, None, Keys::new())?;
    let input = desk.input;
    let length = input.bounded("PasswordLength", 1, LENGTH_MAX)?.unwrap_or(32);
    let excluded = input.text("ExcludeCharacters").unwrap_or_default();
    let wants = |member: &str| !input.truth(member).unwrap_or(false);
    let mut kinds: Vec<Vec<char>> = [
        (wants("ExcludeUppercase"), UPPER),
        (wants("ExcludeLowercase"), LOWER),
        (wants("ExcludeNumbers"), DIGITS),
        (wants("ExcludePunctuation"), PUNCTUATION),
        (input.truth("IncludeSpace").unwrap_or(false), " "),
    ]
    .into_iter()
    .filter(|(wanted, _)| *wanted)
    .map(|(_, letters)| letters.chars().filter(|letter| !excluded.contains(*letter)).collect())
    .collect();
    kinds.retain(|letters: &Vec<char>| !letters.is_empty());
    let each = input.truth("RequireEachIncludedType").unwrap_or(true);
    let password = password(&kinds, usize::try_from(length).map_err(Refusal::internal)?, each)?;
    Ok(json!({ "RandomPassword": password }))
}

fn password(kinds: &[Vec<char>], length: usize, each: bool) -> Result<String, Refusal> {
    if kinds.is_empty() {
        return Err(refuse::invalid_parameter("No characters are left to generate a password from."));
    }
    if each && length < kinds.len() {
        let message = "The password length is too short to include each of the required character types.";
        return Err(refuse::invalid_parameter(message));
    }
    let all: Vec<char> = kinds.concat();
    let first = kinds.iter().filter(|_| each).map(|letters| one_of(letters));
    let mut drawn = first.collect::<Result<Vec<char>, _>>()?;
    while drawn.len() < length {
        drawn.push(one_of(&all)?);
    }
    for at in (1..drawn.len()).rev() {
        drawn.swap(at, below(at + 1)?);
    }
    Ok(drawn.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_each_kind_and_its_length() {
        let kinds: Vec<Vec<char>> = [UPPER, LOWER, DIGITS].iter().map(|letters| letters.chars().collect()).collect();
        for length in 3..40 {
            let drawn = password(&kinds, length, true).unwrap();
            assert_eq!(drawn.chars().count(), length);
            for kind in &kinds {
                assert!(drawn.chars().any(|letter| kind.contains(&letter)), "{drawn}");
            }
        }
        assert!(password(&kinds, 2, true).is_err());
        assert_eq!(password(&kinds, 2, false).unwrap().len(), 2);
        assert!(password(&[], 8, false).is_err());
    }

    #[test]
    fn ids_have_their_form() {
        assert!(suffix().unwrap().chars().all(|c| c.is_ascii_alphanumeric()) && suffix().unwrap().len() == 6);
        let id = uuid().unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
    }
}
