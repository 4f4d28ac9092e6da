import { binaryEvent, jsonEvent } from './index';

describe('§8.1 the id of an event', () => {
  it('§8.1 comes from all of its bytes: type, data and metadata', () => {
    const id = jsonEvent('A', { at: 1 }, { by: 1 }).id;
    expect(jsonEvent('A', { at: 1 }, { by: 1 }).id).toBe(id);
    expect(binaryEvent('A', Buffer.from('{"at":1}'), Buffer.from('{"by":1}')).id).toBe(id);
    const others = [
      jsonEvent('B', { at: 1 }, { by: 1 }),
      jsonEvent('A', { at: 2 }, { by: 1 }),
      jsonEvent('A', { at: 1 }),
    ];
    expect(new Set([id, ...others.map((event) => event.id)]).size).toBe(4);
  });
});
