Three machines, two of which are told to be made anew when they are lost; one is removed by an administrator.

> apply vm a onMissing=Recreate
  plan   a: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> apply vm b onMissing=Recreate
  plan   b: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> apply vm c
  plan   c: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm a Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  step   c: place on ganeti-1
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   a: place on ganeti-1
  step   b: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-c)
  step   create: job INSTANCE_CREATE(cyclades-b)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-a)
  event  c: Normal Scheduled: Placed on ganeti-1.
  event  b: Normal Scheduled: Placed on ganeti-1.
  event  c: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-c.
  event  b: Normal Creating: Job 3 on ganeti-1 is to create instance cyclades-b.
  event  a: Normal Scheduled: Placed on ganeti-1.
  event  a: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-a.
  ended  job INSTANCE_CREATE(cyclades-c): success
  ended  job INSTANCE_CREATE(cyclades-b): success
  ended  job INSTANCE_CREATE(cyclades-a): success
  says   a: Ready=False Creating: The instance is being created (job 4).
  says   a: Placed=True BackendChosen
  says   a: InSync=Unknown Creating
  says   a: powerState Pending
  says   b: Ready=False Creating: The instance is being created (job 3).
  says   b: Placed=True BackendChosen
  says   b: InSync=Unknown Creating
  says   b: powerState Pending
  says   c: Ready=False Creating: The instance is being created (job 2).
  says   c: Placed=True BackendChosen
  says   c: InSync=Unknown Creating
  says   c: powerState Pending
  says   c: Ready=True Ready: The machine runs as declared.
  says   c: InSync=True InSync
  says   c: powerState Running
  says   a: Ready=True Ready: The machine runs as declared.
  says   a: InSync=True InSync
  says   a: powerState Running
  says   b: Ready=True Ready: The machine runs as declared.
  says   b: InSync=True InSync
  says   b: powerState Running
  event  a: Normal Running: The machine runs as declared.
  event  c: Normal Running: The machine runs as declared.
  event  b: Normal Running: The machine runs as declared.

> until vm b Ready

> until vm c Ready

> ganeti remove a
  plan   a: in the end Ready: The machine runs as declared.
  plan   b: in the end Ready: The machine runs as declared.
  plan   c: in the end Ready: The machine runs as declared.

> until instances 2

> until instances 3
  other  job INSTANCE_REMOVE(cyclades-a)
  step   create: job INSTANCE_CREATE(cyclades-a)
  event  a: Normal Creating: Job 6 on ganeti-1 is to create instance cyclades-a.

> until vm a Ready powerState=Running

> delete vm b
  plan   b: submit a job: remove instance cyclades-b and its disks, since the object is being deleted
  plan   b: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   b: in the end the object is gone

> until vm b gone
  step   remove: job INSTANCE_REMOVE(cyclades-b)
  event  b: Normal Deleting: Job 7 on ganeti-1 is to remove instance cyclades-b.
  ended  job INSTANCE_CREATE(cyclades-a): success
  ended  job INSTANCE_REMOVE(cyclades-b): success
  gone   b

> until instances 2
