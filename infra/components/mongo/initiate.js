// The startup probe runs this in mongosh. It is safe to repeat, and succeeds when the replica set has a primary. What it
// prints is in the pod's events.
const { isWritablePrimary, setName, info } = db.hello();
if (!setName) rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'auth-mongo-srv:27017' }] });
if (!isWritablePrimary) print(`not primary yet: ${info ?? 'the election goes on'}`);
quit(isWritablePrimary ? 0 : 1);
