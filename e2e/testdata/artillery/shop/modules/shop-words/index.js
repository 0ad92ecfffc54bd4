exports.words = ['boots', 'größe'];
