const { words } = require('shop-words');

exports.choose = (context, events, done) => {
  context.vars.word = words[1];
  events.emit('counter', 'shop.words', 1);
  done();
};
