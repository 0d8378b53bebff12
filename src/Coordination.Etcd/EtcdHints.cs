namespace Coordination.Etcd;

/// <summary>A claim that waits, and the session that is to hear of it.</summary>
/// <param name="session">The session.</param>
/// <param name="id">The claim.</param>
/// <param name="createRevision">When it was entered; its token.</param>
internal sealed class EtcdWaiter(EtcdSession session, string id, long createRevision)
{
    public EtcdSession Session => session;

    public string Id => id;

    public long CreateRevision => createRevision;

    /// <summary>Whether its grant was told. From then on only its loss is.</summary>
    public bool IsGranted { get; set; }
}

/// <summary>What was found under a queue's lock, to be told without it: whoever hears it may come back at once.</summary>
internal struct EtcdHints
{
    private List<(EtcdWaiter Waiter, bool IsGranted)>? _found;
    private Action[]? _observers;

    public void AddGranted(EtcdWaiter waiter) => (_found ??= []).Add((waiter, true));

    public void AddLost(EtcdWaiter waiter) => (_found ??= []).Add((waiter, false));

    public void AddChange(Action[] observers) => _observers = observers;

    /// <summary>Tells it.</summary>
    public readonly void Tell()
    {
        foreach (var (waiter, isGranted) in _found ?? [])
        {
            if (isGranted)
            {
                waiter.Session.Granted(waiter.Id, waiter.CreateRevision);
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
