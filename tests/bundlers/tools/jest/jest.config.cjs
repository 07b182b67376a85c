module.exports = { moduleNameMapper: { '^authress-login-wasm$': 'authress-login-wasm/testing' } };
