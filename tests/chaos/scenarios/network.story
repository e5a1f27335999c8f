Machines in a network: each has an address of its own, the network is on the cluster while they are, and nothing is left.

> apply vm a nics=[{"name":"eth0","networkRef":{"name":"lan"}}]
  plan   a: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> apply network lan cidr=10.0.0.0/29 gateway=10.0.0.1

> until vm a Ready
  says   a: Ready=False NetworkNotReady: Network lan of NIC eth0 is not ready; its own conditions say why.
  says   a: Placed=False NetworkNotReady
  says   a: InSync=Unknown Creating
  says   a: powerState Pending
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  a: Warning NetworkNotReady: Network lan of NIC eth0 is not ready; its own conditions say why.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  step   a: place on ganeti-1
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  a: Normal Scheduled: Placed on ganeti-1.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-a)
  event  a: Normal Creating: Job 4 on ganeti-1 is to create instance cyclades-a.
  says   a: Ready=False Creating: The instance is being created (job 4).
  says   a: Placed=True BackendChosen
  ended  job INSTANCE_CREATE(cyclades-a): success
  says   a: Ready=True Ready: The machine runs as declared.
  says   a: InSync=True InSync
  says   a: powerState Running
  event  a: Normal Running: The machine runs as declared.

> apply vm b nics=[{"name":"eth0","networkRef":{"name":"lan"}}]
  plan   a: in the end Ready: The machine runs as declared.
  plan   b: choose GanetiBackend ganeti-1: write spec.backendName and the finalizer in one patch, since of the backends that fit it is the least loaded
  plan   b: submit a job: create the instance with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   b: in the end Ready: The machine runs as declared.

> until vm b Ready
  step   b: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-b)
  event  b: Normal Scheduled: Placed on ganeti-1.
  event  b: Normal Creating: Job 5 on ganeti-1 is to create instance cyclades-b.
  ended  job INSTANCE_CREATE(cyclades-b): success
  says   b: Ready=True Ready: The machine runs as declared.
  says   b: Placed=True BackendChosen
  says   b: InSync=True InSync
  says   b: powerState Running
  event  b: Normal Running: The machine runs as declared.

> delete vm a
  plan   a: submit a job: remove instance cyclades-a and its disks, since the object is being deleted
  plan   a: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   a: in the end the object is gone
  plan   b: in the end Ready: The machine runs as declared.

> until vm a gone
  step   remove: job INSTANCE_REMOVE(cyclades-a)
  event  a: Normal Deleting: Job 6 on ganeti-1 is to remove instance cyclades-a.
  ended  job INSTANCE_REMOVE(cyclades-a): success
  gone   a

> apply vm c nics=[{"name":"eth0","networkRef":{"name":"lan"}}]
  plan   c: choose GanetiBackend ganeti-1: write spec.backendName and the finalizer in one patch, since of the backends that fit it is the least loaded
  plan   c: submit a job: create the instance with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   c: in the end Ready: The machine runs as declared.

> until vm c Ready
  step   c: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-c)
  event  c: Normal Scheduled: Placed on ganeti-1.
  event  c: Normal Creating: Job 7 on ganeti-1 is to create instance cyclades-c.
  ended  job INSTANCE_CREATE(cyclades-c): success
  says   c: Ready=True Ready: The machine runs as declared.
  says   c: Placed=True BackendChosen
  says   c: InSync=True InSync
  says   c: powerState Running
  event  c: Normal Running: The machine runs as declared.

> delete network lan
  plan   c: in the end Ready: The machine runs as declared.

> until network lan reason=NetworkInUse

> delete vm b
  plan   b: submit a job: remove instance cyclades-b and its disks, since the object is being deleted
  plan   b: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   b: in the end the object is gone

> delete vm c
  plan   c: submit a job: remove instance cyclades-c and its disks, since the object is being deleted
  plan   c: take the finalizer cyclades.io/instance off: the object goes, since the object is being deleted, and nothing of the machine is left in Ganeti
  plan   c: in the end the object is gone

> until vm b gone
  step   remove: job INSTANCE_REMOVE(cyclades-b)
  event  b: Normal Deleting: Job 8 on ganeti-1 is to remove instance cyclades-b.
  step   remove: job INSTANCE_REMOVE(cyclades-c)
  event  c: Normal Deleting: Job 9 on ganeti-1 is to remove instance cyclades-c.
  ended  job INSTANCE_REMOVE(cyclades-b): success
  ended  job INSTANCE_REMOVE(cyclades-c): success
  gone   b
  gone   c

> until vm c gone

> until network lan gone
