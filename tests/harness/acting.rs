//! Which function is at work, so that what it asks AWS for can be held against what its role allows.

use std::future::Future;

tokio::task_local! {
    static FUNCTION: &'static str;
}

/// Runs something as a function does.
pub async fn acting<T>(function: &'static str, work: impl Future<Output = T>) -> T {
    // On the heap: many at once would not fit a test's stack.
    FUNCTION.scope(function, Box::pin(work)).await
}

/// The function at work; none for what a test does itself.
#[must_use]
pub fn at_work() -> Option<&'static str> {
    FUNCTION.try_with(|function| *function).ok()
}
