//! BatchExecuteStatement: a statement that is not allowed fails alone.

use crate::DynamoDb;
use crate::ask;
use crate::prepare::prepare;
use crate::target::Target;
use postern_call::{Call, Refusal};
use postern_names::AccountId;
use serde_json::{Value, json};

impl DynamoDb {
    pub(crate) async fn batch_execute(&self, call: &Call, account: AccountId) -> Result<Value, Refusal> {
        let statements = call.input["Statements"].as_array().map_or(&[][..], Vec::as_slice);
        let mut refused: Vec<Option<Value>> = Vec::new();
        for element in statements {
            refused.push(self.refused(call, account, element).await?);
        }
        let allowed = statements.iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(s, _)| s.clone());
        let mut input = call.input.clone();
        input["Statements"] = allowed.collect();
        let mut output = if input["Statements"] == json!([]) && !statements.is_empty() {
            json!({ "Responses": [] })
        } else {
            let only_reads = ask::only_reads(&call.operation, &input);
            let (way, run) = prepare(&call.operation, input, only_reads)?;
            self.engine(account, account, call).await?.run(way, run).await?
        };
        if let Some(responses) = output.get_mut("Responses").and_then(Value::as_array_mut) {
            let mut served = std::mem::take(responses).into_iter();
            responses.extend(refused.into_iter().filter_map(|refused| refused.or_else(|| served.next())));
        }
        Ok(output)
    }

    /// The response to a statement that is not allowed.
    async fn refused(&self, call: &Call, account: AccountId, element: &Value) -> Result<Option<Value>, Refusal> {
        let Some(mention) = ask::stated(element) else { return Ok(None) };
        let subject = self.subject(Target::named(&mention.table, account, &call.region)?).await?;
        let Err(refusal) = self.ask_mention(call, &mention, &subject) else { return Ok(None) };
        let error = json!({ "Code": "AccessDenied", "Message": refusal.message });
        Ok(Some(json!({ "Error": error, "TableName": mention.table })))
    }
}
