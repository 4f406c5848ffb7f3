//! With DynamoDB.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = &aws_sdk_dynamodb::Client::new(&hello_aws::sdk().await);
    run(service_fn(async |_: Request| {
        hello_aws::table(table).await?;
        Ok::<_, Error>("hello")
    }))
    .await
}
