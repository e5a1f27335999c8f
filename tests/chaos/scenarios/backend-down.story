The cluster cannot be reached while machines are created, and comes back.

> apply vm web

> until job INSTANCE_CREATE running
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.

> backend down

> apply vm db

> wait 20s
  step   db: place on ganeti-1
  says   db: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  says   db: Placed=True BackendChosen
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  event  db: Normal Scheduled: Placed on ganeti-1.
  says   ganeti-1: Ready=False Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  event  db: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  event  ganeti-1: Warning Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  event  web: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.

> backend up

> until vm web Ready
  step   create: job INSTANCE_CREATE(cyclades-db)
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  db: Normal Creating: Job 3 on ganeti-1 is to create instance cyclades-db.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> until vm db Ready
  ended  job INSTANCE_CREATE(cyclades-db): success
  says   db: Ready=True Ready: The machine runs as declared.
  says   db: InSync=True InSync
  says   db: powerState Running
  event  db: Normal Running: The machine runs as declared.
