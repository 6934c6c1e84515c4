//! The second factor that GetSessionToken and AssumeRole may be given: a code of one of the caller's MFA devices.

use crate::iam::Desk;
use crate::input::Input;
use crate::refuse;
use crate::verb::mfa;
use postern_call::{Caller, Refusal};

/// A device's serial number and a code of it.
#[derive(Clone, Copy)]
pub struct SecondFactor<'a> {
    serial: &'a str,
    code: &'a str,
}

impl<'a> SecondFactor<'a> {
    /// Of a request; one without the other is refused.
    pub fn of(input: Input<'a>) -> Result<Option<Self>, Refusal> {
        match (input.text("SerialNumber"), input.text("TokenCode")) {
            (None, None) => Ok(None),
            (Some(serial), Some(code)) => Ok(Some(Self { serial, code })),
            _ => Err(refuse::invalid("SerialNumber and TokenCode must be given together.")),
        }
    }

    /// Uses the code up, if it is good. The device is one of the desk's account.
    pub fn check(self, desk: &mut Desk<'_>, caller: &Caller, now: i64) -> Result<(), Refusal> {
        mfa::use_code(desk, caller, self.serial, self.code, now)
    }
}
