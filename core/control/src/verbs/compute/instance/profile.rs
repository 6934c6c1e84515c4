//! The instance profile that a request names by ARN or by name.

use crate::{Context, Request, refuse};
use postern_call::Refusal;
use postern_model::ProfileAssociation;
use postern_names::IamInstanceProfileAssociationId;

/// A new association with the profile of an `IamInstanceProfile` member; `None` if it names none.
pub(super) fn association(context: &Context<'_>, profile: &Request<'_>) -> Result<Option<ProfileAssociation>, Refusal> {
    let (arn, name) = (profile.text("Arn"), profile.text("Name"));
    let (member, given, kind) = match (arn, name) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(refuse::invalid_combination(
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
            ));
        }
        (Some(arn), None) => ("iamInstanceProfile.arn", arn, "ARN"),
        (None, Some(name)) => ("iamInstanceProfile.name", name, "name"),
    };
    let found = context.outside.instance_profile(context.account, given).ok_or_else(|| {
        refuse::invalid_value(member, given, &format!("Invalid IAM Instance Profile {kind}"))
            .hint("make it with iam create-instance-profile and put a role into it")
    })?;
    Ok(Some(ProfileAssociation {
        id: IamInstanceProfileAssociationId::from_bits(context.outside.bits()),
        arn: found.arn,
        profile_id: found.id,
        associated: context.now,
    }))
}
