An administrator removes an instance: it is not made anew before its owner says so.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> ganeti remove web
  plan   web: in the end Ready: The machine runs as declared.

> until vm web reason=InstanceLost
  other  job INSTANCE_REMOVE(cyclades-web)
  says   ganeti-1: Ready=False InventoryImplausible: Ganeti's inventory is not believed: 1 of 1 known instances are missing. Nothing is created or deleted until readings agree; instances that are really gone are confirmed one by one.
  event  ganeti-1: Warning InventoryImplausible: Ganeti's inventory is not believed: 1 of 1 known instances are missing. Nothing is created or deleted until readings agree; instances that are really gone are confirmed one by one.
  says   web: Ready=False InstanceLost: The instance is gone from Ganeti. Delete this object, or set onMissing: Recreate for a new, blank instance.
  says   web: InSync=Unknown Creating
  says   web: powerState Lost
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Warning InstanceLost: The instance is gone from Ganeti. Delete this object, or set onMissing: Recreate for a new, blank instance.

> set vm web onMissing=Recreate
  plan   web: submit a job: create instance cyclades-web with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since its instance is gone from Ganeti, and spec.onMissing is Recreate
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready powerState=Running
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
