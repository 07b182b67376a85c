//! What the shop sells.

use serde::Serialize;

/// One thing to buy.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Stable id, used in addresses: lower-case letters and `-`.
    #[serde(rename = "productId")]
    pub id: &'static str,
    /// The name on the shelf.
    pub name: &'static str,
    /// One sentence about it.
    pub description: &'static str,
    /// The price of one piece, in euro cents.
    pub price_cents: u32,
    /// Path of its picture on this server.
    pub picture: &'static str,
}

/// The product with this id.
pub fn find(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

/// Everything on the shelf, in the order of display.
pub const PRODUCTS: &[Product] = &[
    Product {
        id: "mug",
        name: "Morning mug",
        description: "A wide handle and a thick wall that keeps coffee warm.",
        price_cents: 2400,
        picture: "/pictures/mug.svg",
    },
    Product {
        id: "teapot",
        name: "Rainy-day teapot",
        description: "Four cups, with a spout that does not drip.",
        price_cents: 6800,
        picture: "/pictures/teapot.svg",
    },
    Product {
        id: "bowl",
        name: "Noodle bowl",
        description: "Deep enough for soup, glazed inside only.",
        price_cents: 3200,
        picture: "/pictures/bowl.svg",
    },
    Product {
        id: "vase",
        name: "Meadow vase",
        description: "A narrow neck that holds three stems upright.",
        price_cents: 4500,
        picture: "/pictures/vase.svg",
    },
    Product {
        id: "planter",
        name: "Windowsill planter",
        description: "With a saucer, for herbs that want a drink.",
        price_cents: 3800,
        picture: "/pictures/planter.svg",
    },
    Product {
        id: "plate",
        name: "Supper plate",
        description: "Speckled stoneware, 26 cm, safe in the oven.",
        price_cents: 2900,
        picture: "/pictures/plate.svg",
    },
];
