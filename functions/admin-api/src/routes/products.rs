//! `/v1/products`

use super::still_there;
use crate::{
    answer::{Answer, Body},
    door::{Asked, PathId, Posted},
    dto::{
        ProductList,
        product::{NewProductBody, ProductBody},
    },
};
use app::{AppError, Deps, create_product::create_product};
use axum::{extract::State, http::StatusCode};

/// List products, oldest first
#[utoipa::path(get, path = "/v1/products", tag = "Products", operation_id = "listProducts",
    params(
        ("limit" = Option<i32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 25 when left out"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "Some products", body = ProductList)))]
pub(crate) async fn list(State(deps): State<Deps>, asked: Asked) -> Answer {
    let paging = asked.paging()?;
    let page = deps.store.list_products(paging.limit, paging.cursor.as_deref()).await?;
    Body::ok(&ProductList::new(&page.rows, page.next)).send()
}

/// Write a product down
#[utoipa::path(post, path = "/v1/products", tag = "Products", operation_id = "createProduct", request_body = NewProductBody,
    responses((status = 201, description = "The product", body = ProductBody,
        headers(("Location" = String, description = "Its address")))))]
pub(crate) async fn create(State(deps): State<Deps>, posted: Posted<NewProductBody>) -> Answer {
    let answered = create_product(&deps, &posted.caller, posted.body.read()?).await?;
    let found = still_there(deps.store.find_product(&answered.value).await?, &answered, "product")?;
    let body = ProductBody::from(&found.value);
    Body::new(StatusCode::CREATED, &body).at("products", &answered.value).replayed(answered.replayed).send()
}

/// Read a product
#[utoipa::path(get, path = "/v1/products/{id}", tag = "Products", operation_id = "getProduct",
    params(("id" = String, Path, description = "The product's id", example = "prd_01JZ8Q6X3S9V7K2M4N5P6R8T0W")),
    responses((status = 200, description = "The product", body = ProductBody)))]
pub(crate) async fn get(State(deps): State<Deps>, id: PathId) -> Answer {
    let found = deps.store.find_product(&id.product()?).await?.ok_or(AppError::NotFound { what: "product" })?;
    Body::ok(&ProductBody::from(&found.value)).send()
}
