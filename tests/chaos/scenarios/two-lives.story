Two machines live side by side, and go.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> apply vm db powerState=Stopped
  plan   db: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready powerState=Running
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   db: place on ganeti-1
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-db)
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  event  db: Normal Scheduled: Placed on ganeti-1.
  event  db: Normal Creating: Job 3 on ganeti-1 is to create instance cyclades-db.
  ended  job INSTANCE_CREATE(cyclades-web): success
  ended  job INSTANCE_CREATE(cyclades-db): success
  says   db: Ready=False Creating: The instance is being created (job 3).
  says   db: Placed=True BackendChosen
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   db: Ready=True Ready: The machine is stopped as declared.
  says   db: InSync=True InSync
  says   db: powerState Stopped
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
  event  db: Normal Stopped: The machine is stopped as declared.

> until vm db Ready powerState=Stopped

> delete vm web
  plan   db: in the end Ready: The machine is stopped as declared.
  plan   web: submit a job: remove instance cyclades-web and its disks, since the object is being deleted
  plan   web: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   web: in the end the object is gone

> delete vm db
  plan   db: submit a job: remove instance cyclades-db and its disks, since the object is being deleted
  plan   db: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   db: in the end the object is gone

> until vm web gone
  step   remove: job INSTANCE_REMOVE(cyclades-db)
  event  db: Normal Deleting: Job 4 on ganeti-1 is to remove instance cyclades-db.
  step   remove: job INSTANCE_REMOVE(cyclades-web)
  event  web: Normal Deleting: Job 5 on ganeti-1 is to remove instance cyclades-web.
  ended  job INSTANCE_REMOVE(cyclades-db): success
  ended  job INSTANCE_REMOVE(cyclades-web): success
  gone   web
  gone   db

> until vm db gone
