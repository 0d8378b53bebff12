namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>What befalls masters, clients, and the ways between them, drawn from the seed.</summary>
internal sealed class SimulatedFaults
{
    private readonly SimulatedNetwork _network;
    private readonly History _history;
    private readonly SimulatedMaster[] _masters;
    private readonly SimulatedClient[] _clients;

    // One only: that a majority must not be flushed under running clients stands in the documentation.
    private readonly int _flushed;

    // The tokens of a set that has forgotten everything rest on its clocks, as the documentation says, and these must not have been set back. So all may forget, or clocks may be set back.
    private readonly int _remembers;

    public SimulatedFaults(SimulatedNetwork network, History history, SimulatedMaster[] masters, SimulatedClient[] clients)
    {
        (_network, _history, _masters, _clients) = (network, history, masters, clients);
        _flushed = network.Random.Next(masters.Length);
        _remembers = network.Random.Next(3) == 0 ? -1 : network.Random.Next(masters.Length);
    }

    /// <summary>A few, of any kind.</summary>
    public void Befall(int count)
    {
        var random = _network.Random;
        var saved = _masters[random.Next(_masters.Length)];
        _network.After(_network.End * random.NextDouble(), saved.Server.Save);
        for (var i = 0; i < count; i++)
        {
            switch (random.Next(8))
            {
                case 0:
                    CutOff();
                    break;
                case 1:
                    Kill();
                    break;
                default:
                    Befall(random.Next(2) == 0 ? saved : _masters[random.Next(_masters.Length)]);
                    break;
            }
        }
    }

    /// <summary>
    /// Crashes with all, some or none of the data; freezes; a flush; a clock that is set back. A master is hit rarely enough for a majority to be left
    /// most of the time: a set that does nothing makes no mistakes.
    /// </summary>
    public void BefallMasters()
    {
        foreach (var master in _masters)
        {
            _network.After(_network.End * _network.Random.NextDouble(), master.Server.Save);
            for (var i = _network.Random.Next(3); i > 0; i--)
            {
                Befall(master);
            }
        }
    }

    public void BefallClients()
    {
        for (var i = _network.Random.Next(4); i > 0; i--)
        {
            CutOff();
        }

        if (_network.Random.Next(3) == 0)
        {
            Kill();
        }
    }

    private void CutOff()
    {
        var random = _network.Random;
        var way = (random.Next(_clients.Length), random.Next(_masters.Length));
        var from = _network.Moment();
        After(from, "client cut off from a master", () => _network.Cut.Add(way));
        _network.After(from + TimeSpan.FromMilliseconds(random.Next(600)), () => _network.Cut.Remove(way));
    }

    private void Kill() => After(_network.Moment(), "client killed", _clients[0].Die);

    private void Befall(SimulatedMaster master)
    {
        var random = _network.Random;
        var at = _network.Moment();
        var takes = TimeSpan.FromMilliseconds(random.Next(400));
        switch (random.Next(8))
        {
            case 0 or 1 or 2:
                var memory = master.Number == _remembers ? 2 : random.Next(3);
                After(at, memory switch { 0 => "master killed, forgets all", 1 => "master killed, goes back", _ => "master killed, forgets nothing" }, master.Crash);
                _network.After(at + takes, () => master.Restart(memory));
                break;
            case 3 or 4:
                After(at, "master stopped", master.Freeze);
                _network.After(at + takes, master.Thaw);
                break;
            case 5 when master.Number == _flushed && _flushed != _remembers:
                After(at, "master flushed", master.Server.Flush);
                break;
            default:
                if (_remembers >= 0)
                {
                    After(at, "master's clock set back", () => master.StepClock(TimeSpan.FromMilliseconds(-random.Next(5000))));
                }

                break;
        }
    }

    private void After(TimeSpan at, string kind, Action happens) => _network.After(at, () =>
    {
        _history.Faults.Add((_network.Now, kind));
        happens();
    });
}
