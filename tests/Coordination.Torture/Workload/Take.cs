namespace Coordination.Torture;

/// <summary>How a lease is asked for.</summary>
internal enum TakeWay
{
    /// <summary>For as long as it takes.</summary>
    Wait,

    /// <summary>At once or not at all.</summary>
    TryOnce,

    /// <summary>For some time.</summary>
    TryFor,

    /// <summary>Until its caller gives up.</summary>
    WaitAndGiveUp,
}

/// <summary>What a worker takes, and how.</summary>
internal sealed record Take(Resource Resource, ClaimMode Mode, TakeWay Way, bool IsHandRenewed)
{
    public static Take Draw(Resource resource, Random random)
    {
        var mode = resource.Kind switch
        {
            ResourceKind.Semaphore => ClaimMode.Counted,
            ResourceKind.ReaderWriter when random.Next(4) > 0 => ClaimMode.Shared,
            _ => ClaimMode.Exclusive,
        };
        var way = random.Next(10) switch
        {
            < 5 => TakeWay.Wait,
            5 => TakeWay.TryOnce,
            < 8 => TakeWay.TryFor,
            _ => TakeWay.WaitAndGiveUp,
        };

        // A candidate has no time-out: it gives up.
        way = resource.Kind == ResourceKind.Election && way is (TakeWay.TryOnce or TakeWay.TryFor) ? TakeWay.WaitAndGiveUp : way;
        return new Take(resource, mode, way, IsHandRenewed: random.Next(5) == 0);
    }
}
