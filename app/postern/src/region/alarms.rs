//! The watch over alarms: judged each time one of their periods has ended; what they tell is published to topics.

use postern_call::Refusal;
use postern_monitoring::{Monitoring, Notice};
use postern_sns::{FromService, Sns};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::MissedTickBehavior;

/// Who CloudWatch is to topics' policies.
const SERVICE: &str = "cloudwatch.amazonaws.com";
/// The shortest period of an alarm is a second.
const ROUND: Duration = Duration::from_secs(1);

/// Watches for the daemon's life.
pub fn watch(monitoring: Arc<Monitoring>, sns: Arc<Sns>) {
    let Some(mut notices) = monitoring.notices() else { return };
    let judging = Arc::clone(&monitoring);
    tokio::spawn(async move {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            round.tick().await;
            if let Err(refusal) = judging.judge_due(OffsetDateTime::now_utc()).await {
                tracing::error!(%refusal, "alarms were not judged");
            }
        }
    });
    tokio::spawn(async move {
        while let Some(notice) = notices.recv().await {
            let refused = publish(&sns, &notice).await.err();
            if let Some(refusal) = &refused {
                tracing::info!(%refusal, alarm = notice.alarm, topic = notice.topic, "an alarm was not told");
            }
            let noted = monitoring.carried_out(&notice, refused.as_ref(), OffsetDateTime::now_utc()).await;
            if let Err(refusal) = noted {
                tracing::error!(%refusal, alarm = notice.alarm, "an alarm's history was not written");
            }
        }
    });
}

async fn publish(sns: &Sns, notice: &Notice) -> Result<(), Refusal> {
    let from = FromService {
        service: SERVICE,
        source: &notice.alarm_arn,
        source_account: notice.place.0,
        topic: &notice.topic,
        subject: &notice.subject,
        message: &notice.message,
        now: OffsetDateTime::now_utc(),
        request_id: String::new(),
    };
    sns.publish_from(from).await
}
