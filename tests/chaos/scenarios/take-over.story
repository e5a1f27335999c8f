Kubernetes has lost everything. The manifests are applied anew, the takeover is allowed, and no job is needed.

> apply vm web id=11111111-1111-4111-8111-111111111111
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> apply vm db id=22222222-2222-4222-8222-222222222222 powerState=Stopped
  plan   db: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
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
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  says   db: Ready=True Ready: The machine is stopped as declared.
  says   db: InSync=True InSync
  says   db: powerState Stopped
  event  db: Normal Stopped: The machine is stopped as declared.
  event  web: Normal Running: The machine runs as declared.

> until vm db Ready

> kubernetes loses everything

> no more jobs

> catalog again taking over

> apply vm db id=22222222-2222-4222-8222-222222222222 powerState=Stopped

> apply vm web id=11111111-1111-4111-8111-111111111111

> until vm db Ready powerState=Stopped
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  event  web: Normal Scheduled: Found on ganeti-1.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  db: Normal Scheduled: Found on ganeti-1.
  event  web: Normal Running: The machine runs as declared.
  event  db: Normal Stopped: The machine is stopped as declared.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.

> until vm web Ready powerState=Running
