//! With DynamoDB, Secrets Manager, SES and EventBridge.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let sdk = hello_aws::sdk().await;
    let (table, secrets) = (&aws_sdk_dynamodb::Client::new(&sdk), &aws_sdk_secretsmanager::Client::new(&sdk));
    let (mails, events) = (&aws_sdk_sesv2::Client::new(&sdk), &aws_sdk_eventbridge::Client::new(&sdk));
    run(service_fn(async |_: Request| {
        hello_aws::table(table).await?;
        hello_aws::secret(secrets).await?;
        hello_aws::mail(mails).await?;
        hello_aws::event(events).await?;
        Ok::<_, Error>("hello")
    }))
    .await
}
