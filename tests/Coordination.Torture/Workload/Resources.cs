namespace Coordination.Torture;

/// <summary>What is fought for: few names that all want, and many that are wanted now and then.</summary>
internal static class Resources
{
    public const string ElectionPrefix = "election/";

    public static IReadOnlyList<Resource> Hot { get; } =
    [
        new("lock/hot-0", ResourceKind.Lock, 1),
        new("lock/hot-1", ResourceKind.Lock, 1),
        new("rw/hot", ResourceKind.ReaderWriter, 1),
        new("permits/hot", ResourceKind.Semaphore, 2),
        new(ElectionPrefix + "hot", ResourceKind.Election, 1),
    ];

    public static IReadOnlyList<Resource> Cold { get; } =
    [
        .. Enumerable.Range(0, 12).Select(static number => new Resource($"lock/cold-{number}", ResourceKind.Lock, 1)),
        .. Enumerable.Range(0, 4).Select(static number => new Resource($"rw/cold-{number}", ResourceKind.ReaderWriter, 1)),
        .. Enumerable.Range(0, 4).Select(static number => new Resource($"permits/cold-{number}", ResourceKind.Semaphore, 3)),
        .. Enumerable.Range(0, 2).Select(static number => new Resource($"{ElectionPrefix}cold-{number}", ResourceKind.Election, 1)),
    ];

    public static IReadOnlyList<Resource> All { get; } = [.. Hot, .. Cold];
}

internal enum ResourceKind
{
    Lock,
    ReaderWriter,
    Semaphore,
    Election,
}

/// <summary>A name, and how it is used.</summary>
internal sealed record Resource(string Name, ResourceKind Kind, int Limit);
