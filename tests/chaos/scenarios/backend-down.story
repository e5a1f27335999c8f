The cluster cannot be reached while machines are created, and comes back.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until job INSTANCE_CREATE running
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.

> backend down
  plan   web: submit a job: create instance cyclades-web with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   web: in the end Ready: The machine runs as declared.

> apply vm db
  plan   db: choose GanetiBackend ganeti-1: write spec.backendName and the finalizer in one patch, since of the backends that fit it is the least loaded
  plan   db: submit a job: create the instance with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   db: in the end Ready: The machine runs as declared.

> wait 20s
  step   db: place on ganeti-1
  says   ganeti-1: Ready=False Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  says   db: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  says   db: Placed=True BackendChosen
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  event  db: Normal Scheduled: Placed on ganeti-1.
  event  ganeti-1: Warning Unreachable: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  event  db: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  event  web: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.

> backend up
  plan   db: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: No endpoint answers: https://ganeti-1.test:5080: cannot connect: connection refused.

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
