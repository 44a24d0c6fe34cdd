/// What all parts of this build call themselves; `-dev` until the first release.
public enum TulleVersion {
    public static let number = "0.1.0-dev"
}
