A machine that is only looked at says what is there, and nothing is done to it, whatever happens.

> no more jobs

> ganeti adds old.example.com memory=512

> apply vm web backendName=ganeti-1 adopt=old.example.com managementPolicy=Observe
  plan   web: stays at Synchronising: GanetiBackend ganeti-1 is not ready: The operator has said nothing of the backend yet: does it run?

> until vm web reason=Observed powerState=Running
  step   web: place on ganeti-1
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   web: Ready=False Observed: The machine is only looked at. Ganeti differs: memory: declared 128 MiB, Ganeti has 512 MiB.
  says   web: Placed=True BackendChosen
  says   web: InSync=False Drifted
  says   web: powerState Running
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  web: Normal Observed: The machine is only looked at. Ganeti differs: memory: declared 128 MiB, Ganeti has 512 MiB.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.

> guest dies web
  plan   web: stays at Observed: The machine is only looked at, and Ganeti has what the spec says.

> until vm web reason=Observed powerState=Crashed
  says   web: powerState Crashed
  event  web: Normal Observed: The machine is only looked at. Ganeti differs: memory: declared 128 MiB, Ganeti has 512 MiB.
