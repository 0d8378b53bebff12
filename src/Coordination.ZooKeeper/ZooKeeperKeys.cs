using System.Globalization;
using System.Text;
using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>How names become paths. The only place that knows.</summary>
/// <remarks>
/// A claim on <c>invoice/42</c> is a node <c>/coordination/invoice%2F42/x-1-ID-0000000007</c>. What ZooKeeper does not allow in a name, and <c>/</c> and <c>%</c>, are written as in a URL: no
/// two names have the same path. The chroot of the connection string is part of the root here, so that it can be made when it is not there.
/// </remarks>
internal sealed class ZooKeeperKeys
{
    private readonly string _chroot;

    /// <summary>Names the node that all resources are under.</summary>
    /// <param name="chroot">The chroot of the connection string: a path, or nothing.</param>
    /// <param name="rootPath">See <see cref="ZooKeeperBackendOptions.RootPath"/>.</param>
    public ZooKeeperKeys(string chroot, string rootPath)
    {
        _chroot = chroot;
        Root = chroot + rootPath;
    }

    /// <summary>The node that all resources are under.</summary>
    public string Root { get; }

    /// <summary>The node of a resource: its children are its claims.</summary>
    /// <param name="resource">Its name, as given by the user.</param>
    /// <returns>The path.</returns>
    public string QueueOf(string resource) => ZooKeeperPath.Child(Root, Escape(resource));

    /// <summary>The root and the nodes above it, from the top.</summary>
    /// <returns>The paths.</returns>
    public IEnumerable<string> Roots()
    {
        for (var slash = Root.IndexOf('/', 1); slash > 0; slash = Root.IndexOf('/', slash + 1))
        {
            yield return Root[..slash];
        }

        yield return Root;
    }

    /// <summary>A path as clients with the chroot of the connection string see it.</summary>
    /// <param name="path">The path.</param>
    /// <returns>The path without the chroot.</returns>
    public string WithinChroot(string path) => path[_chroot.Length..];

    private static string Escape(string name)
    {
        if (name is "." or "..")
        {
            return name.Replace(".", "%2E", StringComparison.Ordinal);
        }

        var first = 0;
        while (first < name.Length && IsPlain(name[first]))
        {
            first++;
        }

        if (first == name.Length)
        {
            return name;
        }

        var text = new StringBuilder(name, 0, first, name.Length + 16);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in name.AsSpan(first).EnumerateRunes())
        {
            if (rune.IsBmp && IsPlain((char)rune.Value))
            {
                text.Append((char)rune.Value);
                continue;
            }

            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }

    // All that ZooKeeper takes: no control characters, surrogates, private use, and the last sixteen.
    private static bool IsPlain(char c) => c is not ('/' or '%') && c is (>= ' ' and < '\u007f') or (>= '\u00a0' and < '\ud800') or (>= '\uf900' and < '\ufff0');
}
