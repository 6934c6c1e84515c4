//! The API over the books.

use crate::books::Books;
use crate::desk::Desk;
use crate::verb::{self, OPERATIONS};
use async_trait::async_trait;
use postern_call::{Call, Refusal};
use postern_policy::Judge;
use postern_serve::Service;
use postern_store::{Store, StoreError};
use serde_json::Value;
use std::sync::Arc;

/// The `logs` service.
pub struct Logs {
    books: Books,
    judge: Arc<dyn Judge>,
}

impl Logs {
    /// Reads what was kept. Blocks; meant for the start.
    pub fn open(store: Arc<Store>, judge: Arc<dyn Judge>) -> Result<Self, StoreError> {
        Ok(Self { books: Books::open(store)?, judge })
    }

    /// The operations that are served, by model name.
    pub fn implemented() -> Vec<&'static str> {
        OPERATIONS.to_vec()
    }
}

#[async_trait]
impl Service for Logs {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let operation = call.operation.as_str();
        if !OPERATIONS.contains(&operation) {
            return Err(postern_kit::not_implemented("CloudWatch Logs", operation));
        }
        let desk = Desk::new(&self.books, self.judge.as_ref(), &call)?;
        self.books.round(desk.now);
        verb::serve(&desk, operation).await
    }

    fn operations(&self) -> Vec<&'static str> {
        Self::implemented()
    }
}
