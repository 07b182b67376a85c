// The cart of a shopper, by user id. It is kept in this browser here; a shop keeps it on its server, see ../../express.

const key = (userId) => `cart ${userId}`;

export const countOf = (userId) => Number(localStorage.getItem(key(userId)) ?? '0');

export const addTo = (userId) => localStorage.setItem(key(userId), String(countOf(userId) + 1));
