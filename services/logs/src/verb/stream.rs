//! CreateLogStream and DeleteLogStream.

use crate::desk::Desk;
use postern_call::Refusal;
use postern_policy::Keys;
use serde_json::{Value, json};

pub async fn create(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, stream) = (desk.named()?, desk.stream()?);
    desk.ask("CreateLogStream", &named, &named.stream_arn(stream), Keys::new())?;
    let group = desk.find(&named)?;
    desk.books.change(&group, |group| Ok(((), group.create_stream(stream, desk.now)?))).await?;
    Ok(json!({}))
}

pub async fn delete(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let (named, stream) = (desk.named()?, desk.stream()?);
    desk.ask("DeleteLogStream", &named, &named.stream_arn(stream), Keys::new())?;
    let group = desk.find(&named)?;
    desk.books.change(&group, |group| Ok(((), group.delete_stream(stream)?))).await?;
    Ok(json!({}))
}
