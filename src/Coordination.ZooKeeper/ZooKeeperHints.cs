namespace Coordination.ZooKeeper;

/// <summary>A claim that waits, and the session that is to hear of it.</summary>
/// <param name="session">The session.</param>
/// <param name="id">The claim.</param>
/// <param name="node">The name of its node.</param>
/// <param name="sequence">The number in the name.</param>
/// <param name="czxid">When it was entered; its token.</param>
internal sealed class ZooKeeperWaiter(ZooKeeperSession session, string id, string node, int sequence, long czxid)
{
    public ZooKeeperSession Session => session;

    public string Id => id;

    public string Node => node;

    public int Sequence => sequence;

    public long Czxid => czxid;

    /// <summary>Whether its grant was told. From then on only its loss is.</summary>
    public bool IsGranted { get; set; }
}

/// <summary>What was found under a queue's lock, to be told without it: whoever hears it may come back at once.</summary>
internal struct ZooKeeperHints
{
    private List<(ZooKeeperWaiter Waiter, bool IsGranted)>? _found;
    private Action[]? _observers;

    public void AddGranted(ZooKeeperWaiter waiter) => (_found ??= []).Add((waiter, true));

    public void AddLost(ZooKeeperWaiter waiter) => (_found ??= []).Add((waiter, false));

    public void AddChange(Action[] observers) => _observers = observers;

    /// <summary>Tells it.</summary>
    public readonly void Tell()
    {
        foreach (var (waiter, isGranted) in _found ?? [])
        {
            if (isGranted)
            {
                waiter.Session.Granted(waiter.Id, waiter.Czxid);
            }
            else
            {
                waiter.Session.ClaimLost(waiter.Id);
            }
        }

        foreach (var observer in _observers ?? [])
        {
            observer();
        }
    }
}
