export default {
  html: { template: './index.html' },
};
