There is no room for a second machine until the first one goes.

> until backend ganeti-1 Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.

> apply flavor half vcpus=1 memory=600Mi

> apply vm web flavorRef.name=half
  plan   web: choose GanetiBackend ganeti-1: write spec.backendName and the finalizer in one patch, since of the backends that fit it is the least loaded
  plan   web: submit a job: create the instance with 1 vcpus, 600 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: Placed=True BackendChosen
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> apply vm db flavorRef.name=half
  plan   db: stays at NoBackendFits: No backend fits: ganeti-1: needs 600 MiB of memory, 424 of 1024 are free.
  plan   web: in the end Ready: The machine runs as declared.

> until vm db reason=NoBackendFits
  says   db: Ready=False NoBackendFits: No backend fits: ganeti-1: needs 600 MiB of memory, 424 of 1024 are free.
  says   db: Placed=False NoBackendFits
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  event  db: Warning NoBackendFits: No backend fits: ganeti-1: needs 600 MiB of memory, 424 of 1024 are free.

> delete vm web
  plan   web: submit a job: remove instance cyclades-web and its disks, since the object is being deleted
  plan   web: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   web: in the end the object is gone

> until vm db Ready
  step   remove: job INSTANCE_REMOVE(cyclades-web)
  event  web: Normal Deleting: Job 3 on ganeti-1 is to remove instance cyclades-web.
  ended  job INSTANCE_REMOVE(cyclades-web): success
  gone   web
  step   db: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-db)
  event  db: Normal Scheduled: Placed on ganeti-1.
  event  db: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-db.
  ended  job INSTANCE_CREATE(cyclades-db): success
  says   db: Ready=True Ready: The machine runs as declared.
  says   db: Placed=True BackendChosen
  says   db: InSync=True InSync
  says   db: powerState Running
  event  db: Normal Running: The machine runs as declared.
